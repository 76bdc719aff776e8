namespace Glm5.Host.Hub;

/// <summary>Why a model could not be brought here.</summary>
internal enum HubFault
{
    /// <summary>The word is neither a folder nor an id.</summary>
    Name,

    /// <summary>The hub has no such model, revision or file.</summary>
    NotFound,

    /// <summary>The hub asks for an account, a token, or consent to terms.</summary>
    Denied,

    /// <summary>Not here, and the network may not be used.</summary>
    Offline,

    /// <summary>The disk is too small or cannot be written.</summary>
    Disk,

    /// <summary>The hub did not answer, or stopped in the middle, more often than is bearable.</summary>
    Unreachable,

    /// <summary>The hub's answers contradict each other, themselves, or the rules of file names.</summary>
    Untrustworthy,
}

/// <summary>A model could not be brought here; the message is one sentence, with what to do.</summary>
internal sealed class HubException(HubFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The kind, for exit codes and tests.</summary>
    public HubFault Fault { get; } = fault;
}

/// <summary>A request or a transfer failed in a way that can pass: it is tried again.</summary>
internal sealed class LinkFaultException(string message, TimeSpan? pause = null, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>What the server asks to wait; null when it says nothing.</summary>
    public TimeSpan? Pause { get; } = pause;
}

/// <summary>What has arrived of a file cannot be continued: it begins again.</summary>
/// <param name="message">Why.</param>
/// <param name="serverKnowsRanges">Whether parts of it can be asked for next time.</param>
internal sealed class FileRestartException(string message, bool serverKnowsRanges) : Exception(message)
{
    /// <summary>False when the server answers a range with the whole.</summary>
    public bool ServerKnowsRanges { get; } = serverKnowsRanges;
}
