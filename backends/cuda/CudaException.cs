using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda;

/// <summary>What an operator of the server can do about a failure of CUDA.</summary>
public enum Recovery
{
    /// <summary>The call was refused; device and process are as they were.</summary>
    Refused,

    /// <summary>A resource ran out or something timed out: the same call may succeed later.</summary>
    Retry,

    /// <summary>The context is lost: the rank's process must end and its group start again.</summary>
    RestartRank,

    /// <summary>Memory or links of the device are broken: another device must take its place.</summary>
    ReplaceDevice,
}

/// <summary>CUDA refused or failed: which call, its code and what that means.</summary>
public sealed class CudaException : AcceleratorException
{
    /// <summary>A failure without a code: something is missing.</summary>
    public CudaException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its code.</summary>
    public CudaException(string message, int code, Recovery recovery)
        : base(message) => (Code, Recovery) = (code, recovery);

    /// <summary>The code that was returned; 0 without one.</summary>
    public int Code { get; }

    /// <summary>What can be done.</summary>
    public Recovery Recovery { get; }
}
