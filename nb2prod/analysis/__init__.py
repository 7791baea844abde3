"""What each statement defines, reads, and changes; what depends on what; where training ends and prediction begins."""
