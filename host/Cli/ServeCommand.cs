using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Glm5.Core.Accelerator;
using Glm5.Host.Access;
using Glm5.Host.Cli.Flags;
using Glm5.Host.Serving;

namespace Glm5.Host.Cli;

/// <summary><c>glm5 serve</c>: listen, load, answer until a signal, drain.</summary>
internal sealed class ServeCommand
{
    private readonly ModelFlags _model = new();

    private readonly Option<string> _host = new("--host")
    {
        Description = "Address to listen at; 0.0.0.0 or * for every address of this machine",
        DefaultValueFactory = _ => "127.0.0.1",
    };

    private readonly Option<int> _port = WholeNumber.Option("--port", "Port; 0 takes a free one", 0, 65535, 8000);

    private readonly Option<string[]> _names = new("--served-model-name")
    {
        Description =
            "Name that requests give as model; repeat it for more, the first stands in answers [default: the folder's or the id's]",
    };

    private readonly AccessFlags _access = new();
    private readonly LimitFlags _limits = new();

    private readonly Option<Uri?> _traces = new("--otlp-traces-endpoint")
    {
        Description = "Collector that gets a trace of each request, by OTLP: http://host:4317 for gRPC, http://host:4318/v1/traces "
            + "[default: what OTEL_EXPORTER_OTLP_ENDPOINT says, or none]",
        HelpName = "url",
        CustomParser = ParseUrl,
    };

    private readonly Option<string?> _config = new(EffectiveFlags.Config)
    {
        Description = "YAML or JSON file of flags, such as 'port: 8000'; the command line and GLM5_* variables prevail",
        HelpName = "file",
    };

    private readonly Option<bool> _printConfig = new("--print-config")
    {
        Description = "Print every flag with its value and where that is from, and end",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print JSON for programs" };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var serve = new ServeCommand();
        var command = new LayeredCommand("serve", "Serve a model over the OpenAI API, with a chat page")
        {
            NamesStrayVariables = true,
        };
        serve._model.AddTo(command);
        serve._host.Validators.Add(result =>
        {
            string host = result.GetValue(serve._host)!;
            if (host is not ("*" or "localhost") && !IPAddress.TryParse(host, out _))
            {
                result.AddError(
                    $"--host is '{host}'; expected an IP address of this machine, localhost, or * for every address");
            }
        });
        command.Add(new FlagGroup("The server", serve._host, serve._port, serve._names, serve._traces));
        serve._access.AddTo(command);
        serve._limits.AddTo(command);
        command.Add(new FlagGroup("Configuration", serve._config, serve._printConfig, serve._json));
        command.SetAction((line, _) => serve.RunAsync(command, line));
        return command;
    }

    private async Task<int> RunAsync(LayeredCommand command, ParseResult line)
    {
        ChosenModel model = _model.Model(line);
        if (line.GetValue(_printConfig))
            return Print(command, line, model);
        ServeOptions options = Read(line, model);
        BackendChoice choice = BackendCatalog.Choose(_model.Device(line));
        if (choice.Refusal is not null)
            return Say.Error($"{choice.Backend.Name} cannot be used here: {choice.Refusal}", ExitCode.Device);

        using var signals = new StopSignals();
        var display = new LoadDisplay();
        Say.Opening(options, model, choice);
        Say.Notes(command.Flags.Notes);
        Server server;
        try
        {
            server = await Server.StartAsync(options, choice.Backend, display.Observer, signals.Stop, Say.Listening);
        }
        catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException)
        {
            return Say.Error(
                $"cannot listen at {options.Host} port {options.Port}: {exception.Message} "
                + "Choose another with --port or --host.",
                ExitCode.Address);
        }

        catch (AccessException exception)
        {
            return Say.Error(exception.Message, ExitCode.Usage);
        }

        await using (server)
        {
            int code = await LoadAsync(server, display, signals);
            if (code != ExitCode.Done || signals.Stop.IsCancellationRequested)
                return code;
            Say.Ready(server, options);
            return await ServeAsync(server, options.DrainTime, signals.Stopped);
        }
    }

    /// <summary>Serves until it is asked to stop, or a device fails.</summary>
    internal static async Task<int> ServeAsync(Server server, TimeSpan drainTime, Task stopped)
    {
        if (await Task.WhenAny(stopped, server.Model.Failed) is Task<AcceleratorException> failed)
            return Say.Error($"the device failed, and the server stops: {(await failed).Message}", ExitCode.Device);
        Say.Draining(server.Model, drainTime);
        return await server.StopAsync(CancellationToken.None) ? ExitCode.Done : ExitCode.Cut;
    }

    private static async Task<int> LoadAsync(Server server, LoadDisplay display, StopSignals signals)
    {
        try
        {
            await display.ShowAsync(server);
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            return ExitCode.Done;
        }
        catch (Exception exception) when (LoadFailure.CodeOf(exception) is { } code)
        {
            return Say.Error(exception.Message, code);
        }
    }

    private int Print(LayeredCommand command, ParseResult line, ChosenModel model)
    {
        string word = model.Id?.ToString() ?? model.Folder;
        if (line.GetValue(_json))
            Console.Out.WriteLine(ConfigPrint.Json(command, line, word));
        else
            ConfigPrint.Draw(command, line, word);
        return ExitCode.Done;
    }

    private static Uri? ParseUrl(ArgumentResult result)
    {
        string word = result.Tokens[0].Value;
        if (Uri.TryCreate(word, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https")
            return url;
        result.AddError($"--otlp-traces-endpoint is '{word}'; expected an address like http://127.0.0.1:4317");
        return null;
    }

    private ServeOptions Read(ParseResult line, ChosenModel model)
    {
        string[] names = line.GetValue(_names) ?? [];
        var options = new ServeOptions
        {
            Model = _model.Read(line),
            Find = model.Find,
            ServedNames = names.Length > 0 ? names : model.Names,
            Host = line.GetValue(_host)!,
            Port = line.GetValue(_port),
            TracesEndpoint = line.GetValue(_traces),
        };
        return _limits.Read(line, _access.Read(line, options));
    }
}
