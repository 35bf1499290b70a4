"""One discussion for each request, shared by everybody who is asked; a question in it stops the clock."""
