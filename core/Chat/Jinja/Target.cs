namespace Glm5.Core.Chat.Jinja;

/// <summary>What a set or a loop assigns to.</summary>
internal abstract record Target
{
    public abstract void Assign(Interpreter run, Value value);
}

internal sealed record NameTarget(string Name) : Target
{
    public override void Assign(Interpreter run, Value value) => run.Scope.Set(Name, value);
}

/// <summary>Names that share out the elements of a value.</summary>
internal sealed record TupleTarget(Target[] Parts) : Target
{
    public override void Assign(Interpreter run, Value value)
    {
        Value[] items = Iteration.Items(run, value);
        if (items.Length != Parts.Length)
        {
            throw new RenderFault(items.Length < Parts.Length
                ? $"not enough values to unpack (expected {Parts.Length}, got {items.Length})"
                : $"too many values to unpack (expected {Parts.Length})");
        }

        for (int i = 0; i < Parts.Length; i++)
        {
            Parts[i].Assign(run, items[i]);
        }
    }
}

/// <summary>An attribute of a namespace.</summary>
internal sealed record AttributeTarget(string Owner, string Attribute) : Target
{
    public override void Assign(Interpreter run, Value value)
    {
        if (run.Scope.Find(Owner) is not Namespace owner)
        {
            throw new RenderFault($"cannot set {Owner}.{Attribute}: {Owner} is not a namespace");
        }

        owner.Attributes[Attribute] = value;
    }
}
