using System.Collections.Immutable;
using Glm5.Host.Hub;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Glm5.Host.Cli.Flags;

/// <summary>
/// A file of flags, YAML or its subset JSON: <c>port: 8000</c> is <c>--port 8000</c>, a list gives several values, and
/// fields of a mapping are joined by dots as vLLM does. Only the parser's events are used: no objects are made of text.
/// </summary>
internal sealed class ConfigFile
{
    private const int LargestBytes = 1 << 20;
    private const int Deepest = 8;

    private readonly string _name;
    private readonly Parser _events;
    private readonly List<Written> _flags = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    private ConfigFile(string name, TextReader text) => (_name, _events) = (name, new Parser(text));

    /// <summary>The flags of a file in their order.</summary>
    /// <exception cref="FlagException">It cannot be read, or is more than flags.</exception>
    public static IReadOnlyList<Written> Read(string path)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > LargestBytes })
                throw new FlagException($"--config {path} is larger than {LargestBytes >> 20} MB; expected a file of flags");
            return Parse(File.ReadAllText(path), Path.GetFileName(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FlagException($"--config {path} cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>The flags in a text; the name is for messages.</summary>
    public static IReadOnlyList<Written> Parse(string text, string name)
    {
        var file = new ConfigFile(name, new StringReader(text));
        try
        {
            file.ReadDocument();
            return file._flags;
        }
        catch (YamlException exception)
        {
            throw new FlagException(
                $"{name} line {exception.Start.Line}: {Printable.Text(exception.Message)}; expected YAML or JSON",
                exception);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // What the parser throws at some damage in place of its own exception.
            throw new FlagException(
                $"{name} line {file._events.Current?.Start.Line ?? 1}: cannot be read on; expected YAML or JSON", exception);
        }
    }

    private void ReadDocument()
    {
        _ = Next<StreamStart>("a file");
        if (!_events.MoveNext() || _events.Current is StreamEnd)
            return;
        _ = _events.MoveNext();
        if (_events.Current is Scalar { Value.Length: 0 })
            return;
        Require<MappingStart>("flags, one a line, such as 'port: 8000'");
        ReadMapping("--", 1);
        _ = Next<DocumentEnd>("the end of the document");
        _ = Next<StreamEnd>("one document");
    }

    private void ReadMapping(string prefix, int depth)
    {
        if (depth > Deepest)
            throw Wrong($"at most {Deepest} levels");
        while (_events.MoveNext() && _events.Current is not MappingEnd)
        {
            Scalar key = Require<Scalar>("the name of a flag");
            string spelling = $"{prefix}{Vocabulary.Key(key.Value.TrimStart('-'))}";
            if (!_seen.Add(spelling))
                throw Wrong($"'{Printable.Text(key.Value)}' once");
            _ = _events.MoveNext();
            ReadValue(key, spelling, depth);
        }
    }

    private void ReadValue(Scalar key, string spelling, int depth)
    {
        switch (_events.Current)
        {
            case MappingStart:
                ReadMapping($"{spelling}.", depth + 1);
                break;
            case SequenceStart:
                Add(key, spelling, ReadList());
                break;
            default:
                Scalar value = Require<Scalar>("a value, a list of values or a mapping");
                if (!IsNull(value))
                    Add(key, spelling, [value.Value]);
                break;
        }
    }

    private ImmutableArray<string> ReadList()
    {
        ImmutableArray<string>.Builder values = ImmutableArray.CreateBuilder<string>();
        while (_events.MoveNext() && _events.Current is not SequenceEnd)
            values.Add(Require<Scalar>("a value in the list").Value);
        return values.ToImmutable();
    }

    private void Add(Scalar key, string spelling, ImmutableArray<string> values) => _flags.Add(
        new Written(Layer.File, spelling, values, $"{Printable.Text(key.Value)} in {_name} line {key.Start.Line}"));

    private static bool IsNull(Scalar value) =>
        value.Style == ScalarStyle.Plain && value.Value is "" or "~" or "null" or "Null" or "NULL";

    private T Next<T>(string expected)
        where T : ParsingEvent
    {
        _ = _events.MoveNext();
        return Require<T>(expected);
    }

    private T Require<T>(string expected)
        where T : ParsingEvent => _events.Current as T ?? throw Wrong(expected);

    private FlagException Wrong(string expected) =>
        new($"{_name} line {_events.Current?.Start.Line ?? 1}: expected {expected}");
}
