"""What runs outside the window's process, and the two clients that speak to it."""
