namespace Glm5.Host.Cli.Flags;

/// <summary>What was written cannot be understood as flags; the message is a sentence with what is expected.</summary>
internal sealed class FlagException(string message, Exception? inner = null) : Exception(message, inner);
