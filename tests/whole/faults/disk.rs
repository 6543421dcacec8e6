//! The master disk full, still, refusing, and the mirror lost.
