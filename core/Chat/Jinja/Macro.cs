namespace Glm5.Core.Chat.Jinja;

/// <summary>A macro's parameters and body, as written.</summary>
internal sealed record MacroDefinition((string Name, Expression? Default)[] Parameters, Statement[] Body);

/// <summary>A macro and the scope it was defined in; called, it yields what its body writes.</summary>
internal sealed class Macro(string name, MacroDefinition definition, Scope scope) : Callable
{
    public string Name => name;

    public override string TypeName => $"macro '{name}'";

    public override Value Call(Interpreter run, Arguments arguments) => Call(run, arguments, caller: null);

    /// <param name="run">The rendering.</param>
    /// <param name="arguments">What it is called with.</param>
    /// <param name="caller">The body of the call block that it is called from; null elsewhere.</param>
    public Value Call(Interpreter run, Arguments arguments, Macro? caller)
    {
        Check(arguments);
        Scope inside = new(scope);
        if (caller is not null)
        {
            inside.Set("caller", caller);
        }

        Scope outside = run.Scope;
        run.Scope = inside;
        for (int i = 0; i < definition.Parameters.Length; i++)
        {
            (string parameter, Expression? standIn) = definition.Parameters[i];
            Value value = arguments[i] ?? arguments.FindNamed(parameter) ?? (standIn is null
                ? new Undefined($"parameter '{parameter}' was not provided")
                : run.Evaluate(standIn));
            inside.Set(parameter, value);
        }

        Text written = run.Capture(definition.Body, inside);
        run.Scope = outside;
        return written;
    }

    private void Check(Arguments arguments)
    {
        (string Name, Expression? Default)[] parameters = definition.Parameters;
        if (arguments.Count > parameters.Length)
        {
            throw new RenderFault($"macro '{name}' takes not more than {parameters.Length} argument(s)");
        }

        foreach (NamedValue argument in arguments.Named)
        {
            int place = Array.FindIndex(parameters, p => p.Name == argument.Name);
            if (place < 0)
            {
                throw new RenderFault($"macro '{name}' takes no keyword argument '{argument.Name}'");
            }

            if (place < arguments.Count)
            {
                throw new RenderFault($"macro '{name}' got multiple values for argument '{argument.Name}'");
            }
        }
    }
}
