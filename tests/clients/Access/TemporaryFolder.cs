namespace Glm5.Tests.Clients.Access;

/// <summary>A folder that is there as long as a test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("glm5-access-");

    /// <summary>A path in it.</summary>
    public string this[string name] => Path.Combine(_folder.FullName, name);

    /// <summary>Replaces a file as careful writers do: no reader sees half of it.</summary>
    public string Write(string name, string text)
    {
        File.WriteAllText(this[name + ".new"], text);
        File.Move(this[name + ".new"], this[name], overwrite: true);
        return this[name];
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
