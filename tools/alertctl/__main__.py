"""`python -m alertctl`"""

import sys

from alertctl.cli import main

sys.exit(main())
