"""How long a test waits for what must come.

Only a test that fails waits so long; a machine that builds an image beside the tests has been seen to take half of it.
Where the time is what a test holds, it has a figure of its own.
"""

PATIENCE_S = 60.0
