using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Glm5.Host.Access;

/// <summary>Where the certificate of a server with TLS is.</summary>
/// <param name="Certificate">PEM: the certificate, then those that signed it.</param>
/// <param name="Key">PEM: its key; null where that is in the same file.</param>
internal sealed record CertificateFiles(string Certificate, string? Key);

/// <summary>
/// The certificate by which the server proves itself, read again when its files change: new connections get the new one.
/// Files that cannot be used then leave it as it was.
/// </summary>
internal sealed partial class ServerCertificate : IDisposable
{
    private readonly CertificateFiles _files;
    private readonly ILogger _logger;
    private readonly FileWatch _watch;
    private volatile SslStreamCertificateContext _current;

    /// <summary>Reads the files.</summary>
    /// <exception cref="AccessException">They cannot be used.</exception>
    public ServerCertificate(CertificateFiles files, TimeProvider time, ILogger logger)
    {
        (_files, _logger) = (files, logger);
        _current = Read(files);
        _watch = new FileWatch(files.Key is { } key ? [files.Certificate, key] : [files.Certificate], time, ReadAgain);
    }

    /// <summary>The chain for the next connection.</summary>
    public SslStreamCertificateContext Current => _current;

    public void Dispose() => _watch.Dispose();

    private static SslStreamCertificateContext Read(CertificateFiles files)
    {
        try
        {
            using var leaf = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(files.Certificate);

            // TLS of Windows takes no key that lives in memory alone.
            X509Certificate2 usable = X509CertificateLoader.LoadPkcs12(leaf.Export(X509ContentType.Pkcs12), null);
            return SslStreamCertificateContext.Create(usable, chain, offline: true);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or IOException
            or UnauthorizedAccessException)
        {
            string pair = files.Key is { } key ? $"{files.Certificate} with {key}" : files.Certificate;
            throw new AccessException(
                $"the certificate in {pair} cannot be used: {exception.Message} Expected PEM files of a certificate and of its "
                + "unencrypted key (--ssl-certfile, --ssl-keyfile)", exception);
        }
    }

    private void ReadAgain()
    {
        try
        {
            _current = Read(_files);
            LogRead(_logger, _current.TargetCertificate.NotAfter);
        }
        catch (AccessException exception)
        {
            LogKept(_logger, exception.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The certificate has changed; the new one is good until {NotAfter:u}")]
    private static partial void LogRead(ILogger logger, DateTime notAfter);

    [LoggerMessage(Level = LogLevel.Error, Message = "The certificate has changed and stays as it was: {Reason}")]
    private static partial void LogKept(ILogger logger, string reason);
}
