"""LocalStack 4.13.1 hands bytes to uuid.uuid5() (kms.CreateKey), which Python takes from 3.12 on only."""

import sys
import uuid

if sys.version_info < (3, 12):
    _uuid5_of_text = uuid.uuid5

    def _uuid5(namespace: uuid.UUID, name: str | bytes) -> uuid.UUID:
        # latin-1 keeps bytes below 128 as they are; the names in question are ASCII.
        return _uuid5_of_text(namespace, name.decode("latin-1") if isinstance(name, bytes) else name)

    uuid.uuid5 = _uuid5
