"""The library that gets the real programs and runs them: used by the tests and by `make demo` alike."""
