namespace Glm5.Host.Serving;

/// <summary>The tiny trained model that lies beside the program.</summary>
internal static class EmbeddedModel
{
    /// <summary>Its name, which also stands for its folder on the command line.</summary>
    public const string Name = "glm5-nano";

    /// <summary>Its folder.</summary>
    public static string Folder => Path.Combine(AppContext.BaseDirectory, "models", Name);
}
