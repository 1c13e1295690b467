"""Where the tests beside this file find their support."""

import os
import sys

sys.path[:0] = [os.path.abspath(f"{__file__}/../../{folder}") for folder in ("support", "rescore")]
