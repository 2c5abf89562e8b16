"""The package of the operator's command line, as installed."""

import sys

from tests.harness import paths

sys.path.insert(0, str(paths.ROOT / "tools"))
