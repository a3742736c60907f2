"""The embedded reader: a small encoder tuned on our corpora, exported to int8 ONNX."""
