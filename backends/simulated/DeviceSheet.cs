using System.Text.Json;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Simulated;

/// <summary>The devices of devices.json, and how a <c>sim:</c> word names some of them.</summary>
internal static class DeviceSheet
{
    private const int MostDevices = 1024;

    /// <summary>Names of the devices, for messages.</summary>
    public static IReadOnlyList<string> Ids { get; } = ReadIds();

    /// <summary>
    /// Reads a word such as <c>h200x8</c> or <c>910c-x16</c>: a device of the sheet and how many there are.
    /// </summary>
    /// <param name="word">Without <c>sim:</c>.</param>
    /// <param name="roofline">True for published peaks without any latency.</param>
    /// <exception cref="AcceleratorException">It names none of them.</exception>
    public static (DeviceSpec Spec, int Count) Read(string word, bool roofline = false)
    {
        int x = word.LastIndexOf('x');
        string id = x < 0 ? word : word[..x].TrimEnd('-');
        int count = 1;
        bool isCounted = x < 0 || (int.TryParse(word.AsSpan(x + 1), out count) && count is > 0 and <= MostDevices);
        return isCounted && Find(id, roofline) is { } spec
            ? (spec, count)
            : throw new AcceleratorException(
                $"--device sim:{word}: expected sim:DEVICExN with a device of {string.Join(", ", Ids)} "
                + $"and up to {MostDevices} of them, as in sim:h200x8");
    }

    private static DeviceSpec? Find(string id, bool roofline)
    {
        using JsonDocument sheet = Open();
        foreach (JsonElement device in sheet.RootElement.GetProperty("devices").EnumerateArray())
        {
            if (device.GetProperty("id").ValueEquals(id))
                return Read(device, roofline);
        }

        return null;
    }

    private static DeviceSpec Read(JsonElement device, bool roofline)
    {
        // Dies of a package are devices of their own and share its figures evenly.
        double dies = device.GetProperty("dies").GetDouble();
        return new DeviceSpec(
            device.GetProperty("id").GetString()!,
            device.GetProperty("name").GetString()!,
            (device.GetProperty("memory_mib").GetInt64() << 20) / (long)dies,
            Peak("hbm_tbs") * 1e12 / dies,
            Peak("bf16_tflops") * 1e12 / dies,
            Peak("eight_bit_tflops") * 1e12 / dies,
            (Number("published", "link_gbs") ?? double.PositiveInfinity) * 1e9 / dies,
            (Number("published", "host_gbs") ?? double.PositiveInfinity) * 1e9 / dies,
            roofline ? 0 : (Number("latency", "kernel_us") ?? 0) * 1e-6,
            roofline ? 0 : (Number("latency", "collective_us") ?? 0) * 1e-6,
            device.GetProperty("cache").ValueEquals("fp8"));

        double Peak(string key) =>
            (roofline ? null : Number("measured", key)) ?? Number("published", key) ?? double.PositiveInfinity;

        double? Number(string group, string key) =>
            device.GetProperty(group).TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Number
                ? value.GetDouble()
                : null;
    }

    private static string[] ReadIds()
    {
        using JsonDocument sheet = Open();
        JsonElement devices = sheet.RootElement.GetProperty("devices");
        string[] ids = new string[devices.GetArrayLength()];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = devices[i].GetProperty("id").GetString()!;
        return ids;
    }

    private static JsonDocument Open()
    {
        using Stream sheet = typeof(DeviceSheet).Assembly.GetManifestResourceStream("devices.json")!;
        return JsonDocument.Parse(sheet);
    }
}
