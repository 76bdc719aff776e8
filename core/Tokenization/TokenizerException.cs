namespace Glm5.Core.Tokenization;

/// <summary>A tokenizer file that cannot be used. The message names the file, the place, what was expected and what is there.</summary>
public sealed class TokenizerException(string message) : Exception(message);
