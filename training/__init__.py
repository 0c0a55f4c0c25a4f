"""How the embedded model is made: data, tokenizer, training, conversion, evaluation. Not part of the package."""
