"""What both forwarders share: a record of an event becomes notifications, which go to destinations."""
