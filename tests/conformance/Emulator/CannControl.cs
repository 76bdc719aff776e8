using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Emulator;

/// <summary>What only the emulator has: orders to it, and its account of calls. On a real device the test ends inconclusive.</summary>
internal static unsafe class CannControl
{
    /// <summary>Gives orders, with ';' between (tests/cann-emulator/README.md).</summary>
    public static void Tell(string orders)
    {
        fixed (byte* text = Encoding.ASCII.GetBytes(orders + '\0'))
            Assert.AreEqual(0, ((delegate* unmanaged<byte*, int>)Entry("cannEmulatorControl"))(text), orders);
    }

    /// <summary>Calls of every function so far, and the mistakes that were made of the one ordered.</summary>
    public static Dictionary<string, long> Report()
    {
        var report = (delegate* unmanaged<byte*, nuint, nuint>)Entry("cannEmulatorReport");
        byte[] text = new byte[1 << 16];
        nuint size;
        fixed (byte* first = text)
            size = report(first, (nuint)text.Length);
        Assert.IsLessThanOrEqualTo((nuint)text.Length, size);
        using JsonDocument json = JsonDocument.Parse(text.AsMemory(0, (int)size - 1));
        return json.RootElement.EnumerateObject().ToDictionary(calls => calls.Name, calls => calls.Value.GetInt64());
    }

    private static nint Entry(string name)
    {
        nint library = NativeLibrary.Load(Path.Combine(CannUnderTest.Paths.Toolkit[0], "libascendcl.so"));
        if (!NativeLibrary.TryGetExport(library, name, out nint entry))
            Assert.Inconclusive("not run: only the emulator takes orders");
        return entry;
    }
}
