"""What the tests of several rooms share and pytest has no fixture for."""
