namespace Glm5.Host.Cli;

/// <summary>How the program ends, for scripts and supervisors.</summary>
internal static class ExitCode
{
    /// <summary>It did what it was asked.</summary>
    public const int Done = 0;

    /// <summary>An error that nobody foresaw: a fault of the program.</summary>
    public const int Fault = 1;

    /// <summary>The command line is not right.</summary>
    public const int Usage = 2;

    /// <summary>The model's files are not usable.</summary>
    public const int Model = 3;

    /// <summary>The device is not there, cannot take the model, or failed while serving.</summary>
    public const int Device = 4;

    /// <summary>The address cannot be listened at.</summary>
    public const int Address = 5;

    /// <summary>Stopped before every running answer had ended.</summary>
    public const int Cut = 6;

    /// <summary>The server that was asked did not answer, or refused.</summary>
    public const int Server = 7;

    /// <summary>Stopped at once by a second signal: 128 + SIGINT, as shells expect.</summary>
    public const int Interrupted = 130;

    /// <summary>The same in words, for the help.</summary>
    public const string Listing =
        "0 done, 1 fault of the program, 2 command line, 3 model files, 4 device, 5 address in use, 6 answers were cut at stop, "
        + "7 no answer from the server, 130 second Ctrl-C";
}
