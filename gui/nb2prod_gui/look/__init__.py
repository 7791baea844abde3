"""How it looks: one palette and type scale, the style made from them, and the icons."""
