namespace Glm5.Core.Chat.Jinja;

/// <summary>A filter's or a method's work on a value.</summary>
internal delegate Value OperationBody(Interpreter run, Value subject, Arguments arguments);

/// <summary>A test's verdict on a value.</summary>
internal delegate bool TestBody(Interpreter run, Value subject, Arguments arguments);

/// <summary>A filter or a method.</summary>
/// <param name="name">How errors call it.</param>
/// <param name="signature">Its parameters; null when the body reads the arguments as they are given.</param>
/// <param name="body">Its work.</param>
internal sealed class Operation(string name, Signature? signature, OperationBody body)
{
    public Operation(string name, int required, string[] parameters, OperationBody body)
        : this(name, new Signature(name, required, parameters), body)
    {
    }

    public string Name => name;

    public Value Apply(Interpreter run, Value subject, Arguments arguments)
    {
        if (subject is Text text)
        {
            run.Charged(text);
        }

        return body(run, subject, signature?.Bind(arguments) ?? arguments);
    }
}

/// <summary>A test: what follows <c>is</c>.</summary>
/// <param name="name">How errors call it.</param>
/// <param name="parameters">Its parameters, all required.</param>
/// <param name="body">Its verdict.</param>
internal sealed class Test(string name, string[] parameters, TestBody body)
{
    private readonly Signature _signature = new(name, parameters.Length, parameters);

    public string Name => name;

    public bool Holds(Interpreter run, Value subject, Arguments arguments) =>
        body(run, subject, _signature.Bind(arguments));
}

/// <summary>A method together with the value it was taken from.</summary>
internal sealed class BoundMethod(Value subject, Operation method) : Callable
{
    public override string TypeName => $"method {method.Name} of '{subject.TypeName}' object";

    public override Value Call(Interpreter run, Arguments arguments) => method.Apply(run, subject, arguments);
}
