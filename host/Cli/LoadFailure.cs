using Glm5.Core.Accelerator;
using Glm5.Core.Chat;
using Glm5.Core.Model;
using Glm5.Core.Tokenization;
using Glm5.Core.Weights;
using Glm5.Host.Hub;

namespace Glm5.Host.Cli;

/// <summary>Which exit code a failure to load has.</summary>
internal static class LoadFailure
{
    /// <summary>The code; null for an exception that is a fault of the program.</summary>
    public static int? CodeOf(Exception exception) => exception switch
    {
        CheckpointException or ModelConfigException or TokenizerException or ChatTemplateException => ExitCode.Model,
        IOException or UnauthorizedAccessException => ExitCode.Model,
        AcceleratorException or OutOfMemoryException => ExitCode.Device,
        HubException refusal => CodeOf(refusal),
        _ => null,
    };

    /// <summary>The code of a model that cannot be brought here.</summary>
    public static int CodeOf(HubException refusal) =>
        refusal.Fault == HubFault.Name ? ExitCode.Usage : ExitCode.Model;
}
