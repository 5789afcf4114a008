"""Properties have no deadline: on a busy machine the first example may take long, and says nothing by that."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
