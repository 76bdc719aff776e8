using System.Runtime.InteropServices;
using System.Text;
using Glm5.Backends.Cuda.Interop;

namespace Glm5.Backends.Cuda;

/// <summary>Texts of C.</summary>
internal static unsafe class CudaText
{
    /// <summary>A C string; empty for null.</summary>
    public static string Of(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    /// <summary>A text as C takes it, with its zero.</summary>
    public static byte[] ToC(string text) => Encoding.UTF8.GetBytes(text + '\0');

    /// <summary>A result of the driver: number, name, meaning.</summary>
    public static string Result(CudaDriver driver, int result)
    {
        byte* name = null, meaning = null;
        _ = driver.GetErrorName(result, &name);
        _ = driver.GetErrorString(result, &meaning);
        return $"{result} ({Of(name)}: {Of(meaning)})";
    }

    /// <summary>13000 as 13.0.</summary>
    public static string Version(int version) => $"{version / 1000}.{version % 1000 / 10}";
}
