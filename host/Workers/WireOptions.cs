using System.Text.Json;
using System.Text.Json.Serialization;
using Glm5.Core;

namespace Glm5.Host.Workers;

/// <summary>How a model is to be loaded, on the step channel.</summary>
[JsonSerializable(typeof(ModelOptions))]
internal sealed partial class WireOptions : JsonSerializerContext
{
    /// <summary>As it travels.</summary>
    public static string Write(ModelOptions options) => JsonSerializer.Serialize(options, Default.ModelOptions);

    /// <summary>As it was.</summary>
    public static ModelOptions Read(string text) =>
        JsonSerializer.Deserialize(text, Default.ModelOptions) ?? throw new InvalidDataException("the options are empty");
}
