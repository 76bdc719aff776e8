namespace Glm5.Core.Chat.Jinja;

/// <summary>
/// Python's str and repr. Characters that stand for something else than a text count as the client's.
/// </summary>
internal static class Printing
{
    /// <summary>str: what an output tag writes.</summary>
    public static void Print(Interpreter run, TextBuilder output, Value value)
    {
        switch (value)
        {
            case Text text:
                output.Append(run.Charged(text));
                break;
            case Undefined:
                break;
            default:
                Represent(run, output, value);
                break;
        }
    }

    /// <summary>str, as a text.</summary>
    public static Text ToText(Interpreter run, Value value)
    {
        if (value is Text text)
        {
            return text;
        }

        TextBuilder printed = run.NewText();
        Print(run, printed, value);
        return printed.ToText();
    }

    /// <summary>repr: what str shows of a value inside of a list or dict.</summary>
    public static void Represent(Interpreter run, TextBuilder output, Value value)
    {
        run.Enter();
        switch (value)
        {
            case Text text:
                PythonText.AppendRepresentation(output, run.Charged(text));
                break;
            case Sequence sequence:
                RepresentSequence(run, output, sequence);
                break;
            case Mapping mapping:
                RepresentMapping(run, output, mapping);
                break;
            case Integer integer:
                output.AppendClient(integer.Number.ToString());
                break;
            case Float number:
                output.AppendClient(PythonNumbers.Representation(number.Number));
                break;
            default:
                output.AppendClient(Word(value));
                break;
        }

        run.Leave();
    }

    private static string Word(Value value) => value switch
    {
        None => "None",
        Truth truth => truth.IsTrue ? "True" : "False",
        Undefined => "Undefined",
        _ => $"<{value.TypeName}>",
    };

    private static void RepresentSequence(Interpreter run, TextBuilder output, Sequence sequence)
    {
        output.AppendClient(sequence.IsTuple ? "(" : "[");
        for (int i = 0; i < sequence.Items.Length; i++)
        {
            output.AppendClient(i == 0 ? "" : ", ");
            Represent(run, output, sequence.Items[i]);
        }

        output.AppendClient(sequence.IsTuple ? sequence.Items.Length == 1 ? ",)" : ")" : "]");
    }

    private static void RepresentMapping(Interpreter run, TextBuilder output, Mapping mapping)
    {
        output.AppendClient("{");
        bool isFirst = true;
        foreach ((Value key, Value value) in mapping.Entries)
        {
            output.AppendClient(isFirst ? "" : ", ");
            isFirst = false;
            Represent(run, output, key);
            output.AppendClient(": ");
            Represent(run, output, value);
        }

        output.AppendClient("}");
    }
}
