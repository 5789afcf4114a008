"""OTP-like supervision over Pykka."""
