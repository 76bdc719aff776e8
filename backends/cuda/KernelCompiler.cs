using System.Security.Cryptography;
using System.Text;
using Glm5.Backends.Cuda.Interop;

namespace Glm5.Backends.Cuda;

/// <summary>What a file was compiled to.</summary>
/// <param name="Image">A cubin, or PTX with its zero.</param>
/// <param name="Log">What the compiler said.</param>
/// <param name="FromCache">True when it was compiled earlier.</param>
internal sealed record CompiledFile(byte[] Image, string Log, bool FromCache);

/// <summary>
/// Compiles kernel files for an architecture, and keeps what comes of it: a file is compiled again when its text, the options,
/// the compiler's version or the architecture change. Safe to be called by several threads and processes at once.
/// </summary>
internal sealed unsafe class KernelCompiler
{
    private readonly Nvrtc _nvrtc;
    private readonly string? _folder;
    private readonly string[] _options;
    private readonly bool _makesPtx;

    /// <summary>A compiler for a device.</summary>
    /// <param name="nvrtc">The functions.</param>
    /// <param name="family">What the device is.</param>
    /// <param name="folder">Where results are kept; null: nowhere.</param>
    /// <param name="isEmulated">True where instructions of a GPU cannot be run.</param>
    public KernelCompiler(Nvrtc nvrtc, GpuFamily family, string? folder, bool isEmulated)
    {
        (_nvrtc, _folder) = (nvrtc, folder);
        int major, minor;
        Check(nvrtc.Version(&major, &minor), "nvrtcVersion");
        Version = (major * 1000) + (minor * 10);
        _makesPtx = Version < family.Least || !Knows(family);
        Architecture = _makesPtx ? GpuFamily.Portable : family.Target;
        string[] options = [$"--gpu-architecture={Architecture}", "--std=c++17", "-default-device"];
        _options = isEmulated ? options : [.. options, "-DGLM5_PTX=1"];
    }

    /// <summary>12040 for 12.4.</summary>
    public int Version { get; }

    /// <summary>What is compiled for; a virtual one when the compiler does not know the device, whose driver then finishes.</summary>
    public string Architecture { get; }

    /// <summary>Compiles a file, or takes what was compiled before.</summary>
    /// <exception cref="CudaException">It does not compile; has the compiler's words.</exception>
    public CompiledFile Compile(string file, params ReadOnlySpan<string> moreOptions)
    {
        string text = KernelSource.Text(file);
        string[] options = [.. _options, .. moreOptions];
        string? kept = _folder is null ? null : Path.Combine(_folder, $"{Key(text, options)}{(_makesPtx ? ".ptx" : ".cubin")}");
        if (kept is not null && ReadKept(kept) is { } image)
            return new CompiledFile(image, "", FromCache: true);
        CompiledFile compiled = Compile(file, text, options);
        if (kept is not null)
            Keep(kept, compiled.Image);
        return compiled;
    }

    private CompiledFile Compile(string file, string text, string[] options)
    {
        nint program;
        fixed (byte* source = CudaText.ToC(text), name = CudaText.ToC($"{file}.cu"))
            Check(_nvrtc.CreateProgram(&program, source, name, 0, null, null), $"nvrtcCreateProgram of {file}.cu");
        try
        {
            int result = Run(program, options);
            string log = Log(program);
            if (result != 0)
            {
                throw new CudaException(
                    $"{file}.cu does not compile for {Architecture}: {CudaText.Of(_nvrtc.GetErrorString(result))}: {log.Trim()}");
            }

            return new CompiledFile(Image(program), log, FromCache: false);
        }
        finally
        {
            _ = _nvrtc.DestroyProgram(&program);
        }
    }

    private int Run(nint program, string[] options)
    {
        byte[] texts = Encoding.UTF8.GetBytes(string.Join('\0', options) + '\0');
        fixed (byte* first = texts)
        {
            byte** pointers = stackalloc byte*[options.Length];
            byte* next = first;
            for (int i = 0; i < options.Length; i++)
            {
                pointers[i] = next;
                next += Encoding.UTF8.GetByteCount(options[i]) + 1;
            }

            return _nvrtc.CompileProgram(program, options.Length, pointers);
        }
    }

    /// <summary>Whether the compiler makes machine code of the family's number: 90 for sm_90a.</summary>
    private bool Knows(GpuFamily family)
    {
        int count;
        Check(_nvrtc.GetNumSupportedArchs(&count), "nvrtcGetNumSupportedArchs");
        int[] numbers = new int[count];
        fixed (int* first = numbers)
            Check(_nvrtc.GetSupportedArchs(first), "nvrtcGetSupportedArchs");
        return Array.IndexOf(numbers, family.Number) >= 0;
    }

    private byte[] Image(nint program)
    {
        nuint size;
        Check(_makesPtx ? _nvrtc.GetPTXSize(program, &size) : _nvrtc.GetCUBINSize(program, &size), "nvrtcGetCUBINSize");
        byte[] image = new byte[size];
        fixed (byte* bytes = image)
            Check(_makesPtx ? _nvrtc.GetPTX(program, bytes) : _nvrtc.GetCUBIN(program, bytes), "nvrtcGetCUBIN");
        return image;
    }

    private string Log(nint program)
    {
        nuint size;
        if (_nvrtc.GetProgramLogSize(program, &size) != 0 || size <= 1)
            return "";
        byte[] text = new byte[size];
        fixed (byte* bytes = text)
            return _nvrtc.GetProgramLog(program, bytes) == 0 ? CudaText.Of(bytes) : "";
    }

    private string Key(string text, string[] options)
    {
        byte[] key = SHA256.HashData(Encoding.UTF8.GetBytes($"{Version}\n{string.Join('\n', options)}\n{text}"));
        return Convert.ToHexStringLower(key);
    }

    /// <summary>A kept file; null when there is none or it cannot be read, and it is compiled anew.</summary>
    private static byte[]? ReadKept(string path)
    {
        try
        {
            return File.Exists(path) && File.ReadAllBytes(path) is { Length: > 0 } image ? image : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Writes beside and renames, so that no reader sees half a file. A folder that cannot be written keeps nothing.</summary>
    private static void Keep(string path, byte[] image)
    {
        string beside = $"{path}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(beside, image);
            File.Move(beside, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Starting takes some seconds longer next time.
        }
    }

    private void Check(int result, string call)
    {
        if (result != 0)
            throw new CudaException($"{call} failed with {result} ({CudaText.Of(_nvrtc.GetErrorString(result))})");
    }
}
