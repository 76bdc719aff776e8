using System.Numerics;

namespace Glm5.Core.Chat.Jinja;

internal readonly record struct NamedValue(string Name, Value Value);

/// <summary>What a call, a filter or a test was given.</summary>
/// <param name="positional">By position; after <see cref="Signature.Bind"/> all there are, null where none was
/// given.</param>
/// <param name="named">By name.</param>
internal sealed class Arguments(Value?[] positional, NamedValue[] named)
{
    public static Arguments None { get; } = new([], []);

    public Value?[] Positional => positional;

    public NamedValue[] Named => named;

    public int Count => positional.Length;

    /// <summary>The argument, or null when it was not given.</summary>
    public Value? this[int index] => index < positional.Length ? positional[index] : null;

    /// <summary>An argument that the signature requires.</summary>
    public Value Required(int index) => this[index] ?? throw new RenderFault($"argument {index + 1} is missing");

    public Value? FindNamed(string name)
    {
        foreach (NamedValue argument in named)
        {
            if (argument.Name == name)
            {
                return argument.Value;
            }
        }

        return null;
    }

    /// <summary>A text, or null when it was not given or is None.</summary>
    public Text? Text(int index) => this[index] switch
    {
        null or Jinja.None => null,
        Text text => text,
        Undefined undefined => throw undefined.Fault(),
        { } value => throw new RenderFault($"argument {index + 1} must be a string, not '{value.TypeName}'"),
    };

    public Text RequiredText(int index) =>
        Text(index) ?? throw new RenderFault($"argument {index + 1} must be a string");

    /// <summary>An integer, or the fallback when it was not given or is None.</summary>
    public int Integer(int index, int fallback)
    {
        if (this[index] is null or Jinja.None)
        {
            return fallback;
        }

        if (Operators.Integral(Required(index)) is not { } number)
        {
            throw new RenderFault($"argument {index + 1} must be an integer, not '{Required(index).TypeName}'");
        }

        return (int)BigInteger.Clamp(number, int.MinValue, int.MaxValue);
    }

    public bool Flag(int index, bool fallback) => this[index]?.IsTrue ?? fallback;

    /// <summary>These without the first <paramref name="count"/>.</summary>
    public Arguments After(int count) => new(positional.Length <= count ? [] : positional[count..], named);
}

/// <summary>The parameters of something built in.</summary>
/// <param name="name">How errors call it.</param>
/// <param name="required">How many of the parameters must be given.</param>
/// <param name="parameters">Their names, in order.</param>
internal sealed class Signature(string name, int required, params string[] parameters)
{
    /// <summary>Puts each argument at its parameter's place.</summary>
    /// <exception cref="RenderFault">One is missing, unknown, given twice or too many.</exception>
    public Arguments Bind(Arguments given)
    {
        if (given.Count > parameters.Length)
        {
            throw new RenderFault($"{name} takes at most {parameters.Length} arguments, but was given {given.Count}");
        }

        if (given.Named.Length == 0 && given.Count >= required)
        {
            return given;
        }

        Value?[] bound = new Value?[parameters.Length];
        given.Positional.CopyTo(bound, 0);
        foreach (NamedValue argument in given.Named)
        {
            int place = Array.IndexOf(parameters, argument.Name);
            if (place < 0 || bound[place] is not null)
            {
                throw new RenderFault(place < 0
                    ? $"{name} has no argument '{PythonText.Shown(argument.Name)}'"
                    : $"{name} was given the argument '{argument.Name}' twice");
            }

            bound[place] = argument.Value;
        }

        int missing = Array.IndexOf(bound, null, 0, required);
        return missing < 0
            ? new Arguments(bound, [])
            : throw new RenderFault($"{name} misses its argument '{parameters[missing]}'");
    }
}
