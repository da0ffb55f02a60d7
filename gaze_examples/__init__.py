"""The application on top of minigrad: which quarter of the screen do these two eyes look at?"""
