"""What runs on a GPU in one go: loops in CUDA C, each beside portable lines, in `ops` or `optim`, that it must equal.

On a GPU a line of array code is one launch, which reads its arrays from memory and writes its result there, and memory
is what the time goes into. Where an op takes many lines, a kernel takes one: it says what one element of the result is
made of, and the GPU does that for all elements side by side. No kernel adds up in an order that is up to chance, so a
GPU gives the same bits each time.
"""
