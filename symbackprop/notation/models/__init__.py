"""Networks from models of other libraries, one module a library; each is imported when it is asked for.

names        what the arrays of a model are called here
built        arrays and tensors, put together to a network with its example
parameters   trained parameters on their way back into a model
objectives   losses of a model that ends in predictions
scikit       scikit-learn's perceptrons and linear models
torch, jax, onnx, keras   a room for each
"""
