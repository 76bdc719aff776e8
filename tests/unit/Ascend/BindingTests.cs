using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Glm5.Backends.Ascend.Interop;

namespace Glm5.Tests.Unit.Ascend;

/// <summary>What is bound is what CANN's headers declare, name by name and byte by byte.</summary>
[TestClass]
public sealed class BindingTests
{
    private static readonly Assembly s_backend = typeof(AclnnOperators).Assembly;

    [TestMethod]
    public void Every_bound_function_has_the_headers_parameters()
    {
        var wrong = new List<string>();
        MethodInfo[] methods = [.. s_backend.GetTypes().SelectMany(t => t.GetMethods(Declared))
            .Where(m => m.GetCustomAttribute<CEntryAttribute>() is not null)];
        foreach (MethodInfo method in methods)
            Compare(method.GetCustomAttribute<CEntryAttribute>()!.Name, method, wrong);
        Assert.IsGreaterThan(45, methods.Length);
        Assert.IsEmpty(wrong, string.Join("; ", wrong));
    }

    [TestMethod]
    public void Every_bound_operator_has_both_phases_with_the_headers_parameters()
    {
        var wrong = new List<string>();
        foreach (AclnnOp op in Enum.GetValues<AclnnOp>())
        {
            MethodInfo? method = typeof(AclnnOperators).GetMethod(op.ToString(), Declared);
            if (method is null)
                wrong.Add($"{op} has no method");
            else
                Compare($"aclnn{op}GetWorkspaceSize", method, wrong);
            AbiFunction? run = AbiTable.Shared.Function($"aclnn{op}");
            string[] phase = [.. run?.Parameters.Select(p => Unqualified(p.Type)) ?? []];
            if (!phase.SequenceEqual(["void *", "uint64_t", "aclOpExecutor *", "aclrtStream"]))
                wrong.Add($"aclnn{op}: the second phase is ({string.Join(", ", phase)})");
        }

        Assert.IsEmpty(wrong, string.Join("; ", wrong));
    }

    [TestMethod]
    public void No_operator_is_bound_twice_or_under_another_name()
    {
        string[] methods = [.. typeof(AclnnOperators).GetMethods(Declared)
            .Where(m => m.GetParameters() is [.., { Name: "workspaceSize" }, { Name: "executor" }]).Select(m => m.Name)];
        CollectionAssert.AreEquivalent(Enum.GetNames<AclnnOp>(), methods);
    }

    [TestMethod]
    public void Every_bound_operator_is_called()
    {
        string kernels = string.Concat(Directory.GetFiles(
            Path.Combine(RepositoryFiles.Root, "backends", "ascend", "Ops"), "Kernels.*.cs").Select(File.ReadAllText));
        // Its parameter list is the one that CANN changed under its name; the version gate is held by it.
        AclnnOp[] gated = [AclnnOp.MlaPrologV3WeightNz];
        string[] unused = [.. Enum.GetValues<AclnnOp>().Except(gated)
            .Where(op => !kernels.Contains($"call.Begin(AclnnOp.{op})", StringComparison.Ordinal)).Select(op => op.ToString())];
        Assert.IsEmpty(unused, string.Join(", ", unused));
    }

    [TestMethod]
    public void Structs_lie_in_memory_as_the_headers_lay_them()
    {
        var wrong = new List<string>();
        int compared = 0;
        foreach ((Type type, string name) in Named().Where(n => n.Type is { IsValueType: true, IsEnum: false }))
        {
            if (AbiTable.Shared.IsOpaque(name))
                continue;
            compared++;
            if (AbiTable.Shared.Struct(name) is not { } declared)
            {
                wrong.Add($"the table has no struct {name}");
                continue;
            }

            FieldInfo[] fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public);
            (string, int, int)[] bound = [.. fields.Select(f => (f.Name, (int)Marshal.OffsetOf(type, f.Name), SizeOf(f)))];
            if (SizeOf(type) != declared.Size || !bound.SequenceEqual(declared.Fields))
                wrong.Add($"{name}: {SizeOf(type)} bytes {string.Join(" ", bound)}, the headers have {declared.Size}: {string.Join(" ", declared.Fields)}");
        }

        Assert.AreEqual(6, compared);
        Assert.IsEmpty(wrong, string.Join("; ", wrong));
    }

    [TestMethod]
    public void Enums_have_the_headers_values()
    {
        var wrong = new List<string>();
        foreach ((Type type, string name) in Named().Where(n => n.Type.IsEnum))
        {
            Assert.AreEqual(typeof(int), Enum.GetUnderlyingType(type), name);
            foreach (FieldInfo member in type.GetFields(BindingFlags.Static | BindingFlags.Public))
            {
                string? constant = member.GetCustomAttribute<CEntryValueAttribute>()?.Name;
                int? declared = constant is null ? null : AbiTable.Shared.EnumValue(name, constant);
                if (declared != (int)member.GetRawConstantValue()!)
                    wrong.Add($"{type.Name}.{member.Name} = {member.GetRawConstantValue()}, the headers have {constant ?? "no such name"} = {declared}");
            }
        }

        Assert.IsEmpty(wrong, string.Join("; ", wrong));
    }

    [TestMethod]
    public void Codes_are_described_in_the_tables_words()
    {
        foreach (string family in (string[])["acl", "aclnn"])
        {
            foreach ((int code, string name, string meaning) in AbiTable.Shared.Codes(family).Where(c => c.Code != 0))
                Assert.AreEqual($"{name}, {meaning}", CannCodes.Describe(code));
        }

        Assert.AreEqual(507015, AbiTable.Shared.Codes("acl").Single(c => c.Name == "ACL_ERROR_RT_AICORE_EXCEPTION").Code);
        Assert.AreEqual("a code that the headers do not list", CannCodes.Describe(123456));
    }

    [TestMethod]
    public void Communicator_settings_say_their_own_size_and_version()
    {
        HcclCommConfig config = HcclCommConfig.Deterministic(300);
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<HcclCommConfig>(in config));
        Assert.AreEqual(300, MemoryMarshal.Read<long>(bytes));
        Assert.AreEqual(0xf0f0f0f0u, MemoryMarshal.Read<uint>(bytes[8..]));
        Assert.AreEqual(5u, MemoryMarshal.Read<uint>(bytes[12..]));
        Assert.AreEqual((300u, 1u), (config.hcclBufferSize, config.hcclDeterministic));
    }

    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static IEnumerable<(Type Type, string Name)> Named() =>
        from type in s_backend.GetTypes()
        let entry = type.GetCustomAttribute<CEntryAttribute>()
        where entry is not null
        select (type, entry.Name);

    private static void Compare(string entry, MethodInfo method, List<string> wrong)
    {
        if (AbiTable.Shared.Function(entry) is not { } declared)
        {
            wrong.Add($"the table has no {entry}");
            return;
        }

        ParameterInfo[] bound = method.GetParameters();
        string expected = string.Join(", ", declared.Parameters.Select(p => $"{Unqualified(p.Type)} {p.Name}"));
        string got = string.Join(", ", bound.Select((p, i) =>
            $"{(i < declared.Parameters.Length ? InC(p.ParameterType, declared.Parameters[i].Type) : p.ParameterType.Name)} {p.Name}"));
        bool byValue = bound.Length == declared.Parameters.Length
            && bound.Zip(declared.Parameters).All(p => p.First.ParameterType.IsPointer == (p.Second.By == "pointer"));
        if (expected != got || !byValue)
            wrong.Add($"{entry}: bound as ({got}), declared ({expected})");
        if (InC(method.ReturnType, declared.Returns) != Unqualified(declared.Returns))
            wrong.Add($"{entry}: returns {method.ReturnType.Name}, declared {declared.Returns}");
    }

    /// <summary>A bound type as C spells it; of several spellings of one width, the declared one.</summary>
    private static string InC(Type type, string declared)
    {
        string c = Unqualified(declared);
        if (type.IsPointer)
        {
            string inner = InC(type.GetElementType()!, c.TrimEnd('*', ' '));
            int stars = 1;
            for (Type t = type.GetElementType()!; t.IsPointer; t = t.GetElementType()!)
                stars++;
            return $"{inner.TrimEnd('*', ' ')} {new string('*', stars)}";
        }

        if (type.GetCustomAttribute<CEntryAttribute>() is { } named)
            return named.Name == c || $"{c}@config_version_5" == named.Name || $"struct {named.Name}" == c ? c : named.Name;
        string[] spellings = type switch
        {
            _ when type == typeof(int) => ["int", "int32_t", "aclError", "aclnnStatus"],
            _ when type == typeof(uint) => ["unsigned int", "uint32_t"],
            _ when type == typeof(long) => ["int64_t"],
            _ when type == typeof(ulong) => ["uint64_t"],
            _ when type == typeof(nuint) => ["size_t"],
            _ when type == typeof(sbyte) => ["int8_t"],
            _ when type == typeof(byte) => ["char"],
            _ when type == typeof(bool) => ["bool"],
            _ when type == typeof(double) => ["double"],
            _ when type == typeof(float) => ["float"],
            _ when type == typeof(void) => ["void"],
            _ when type == typeof(nint) => ["aclrtStream", "aclrtContext", "aclmdlRI", "HcclComm"],
            _ => [],
        };
        return spellings.Contains(c) ? c : type.Name;
    }

    private static string Unqualified(string type) =>
        type.Replace("*const*", "**", StringComparison.Ordinal).Replace("const ", "", StringComparison.Ordinal).Trim();

    private static int SizeOf(FieldInfo field) =>
        field.GetCustomAttribute<FixedBufferAttribute>() is { } buffer ? buffer.Length : SizeOf(field.FieldType);

    private static int SizeOf(Type type) => (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;
}
