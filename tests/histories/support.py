"""Where the tests beside this file find their support."""

import os
import sys

sys.path.insert(0, os.path.abspath(f"{__file__}/../../support"))
