"""What people say of outcomes and examples, and what is made of it."""
