namespace Glm5.Tests.Unit.Weights;

/// <summary>A folder of one test, gone after it.</summary>
internal sealed class ScratchFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("glm5-weights-").FullName;

    /// <summary>A copy of a checkpoint's files.</summary>
    public static ScratchFolder CopyOf(string folder)
    {
        ScratchFolder copy = new();
        foreach (string file in Directory.GetFiles(folder))
        {
            string name = System.IO.Path.GetFileName(file);
            if (!name.StartsWith("golden", StringComparison.Ordinal))
            {
                System.IO.File.Copy(file, copy.File(name));
            }
        }

        return copy;
    }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
