"""What makes the library see-through: views of networks and of the tape, from outside."""
