namespace Glm5.Host.Access;

/// <summary>A file that says who may ask, or by which the server proves itself, cannot be used. The message says what to do.</summary>
internal sealed class AccessException(string message, Exception? inner = null) : Exception(message, inner);
