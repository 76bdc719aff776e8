namespace Glm5.Core.Accelerator;

/// <summary>A device or its driver failed. The message says which operation, what the driver said and what to do.</summary>
public class AcceleratorException : Exception
{
    /// <summary>An error with its sentence.</summary>
    public AcceleratorException(string message)
        : base(message)
    {
    }

    /// <summary>An error with its sentence and its cause.</summary>
    public AcceleratorException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>An operation was called with a tensor of the wrong shape or type: a fault of the caller, found before any kernel ran.</summary>
public sealed class ShapeException(string message) : AcceleratorException(message);

/// <summary>Device memory did not suffice. The message has both figures.</summary>
public sealed class DeviceMemoryException(string message) : AcceleratorException(message);
