using Conversation.Data.Postgres;
using Npgsql;

namespace Conversation.Tests.Postgres;

/// <summary>Every form that CONVERSATION_SERVICE_DATABASE_URL may have.</summary>
[TestFixture]
internal sealed class DatabaseUrlTests
{
    [TestCase("postgresql://user:pw@host:5433/name", "host", 5433, "user", "pw", "name")]
    [TestCase("postgres://user:pw@host/name", "host", 5432, "user", "pw", "name")]
    [TestCase("postgresql+psycopg://postgres:postgres@supabase_db_kgents:5432/conversation_dev_db", "supabase_db_kgents", 5432, "postgres", "postgres", "conversation_dev_db")]
    [TestCase("POSTGRESQL://user@host/name", "host", 5432, "user", null, "name")]
    [TestCase("postgresql://us%40er:p%40s%2Fs%3A%25w%23%3F@host/na%20me", "host", 5432, "us@er", "p@s/s:%w#?", "na me")]
    [TestCase("postgresql://user:p@ss@host/name", "host", 5432, "user", "p@ss", "name")]
    [TestCase("postgresql://user:p+w;x@host/name", "host", 5432, "user", "p+w;x", "name")]
    [TestCase("postgresql://user:pw@[::1]:5433/name", "::1", 5433, "user", "pw", "name")]
    [TestCase("postgresql://user:pw@[2001:db8::7]/name", "2001:db8::7", 5432, "user", "pw", "name")]
    [TestCase("postgresql:///name?host=/var/run/postgresql&user=me", "/var/run/postgresql", 5432, "me", null, "name")]
    [TestCase("postgresql://user@%2Fvar%2Frun%2Fpostgresql/name", "/var/run/postgresql", 5432, "user", null, "name")]
    [TestCase("postgresql://host/name?user=me&password=p%26w&port=6000", "host", 6000, "me", "p&w", "name")]
    [TestCase("postgresql:///name", "localhost", 5432, null, null, "name")]
    [TestCase("postgresql://user@host", "host", 5432, "user", null, null)]
    [TestCase("Host=host;Port=6000;Username=user;Password=pw;Database=name", "host", 6000, "user", "pw", "name")]
    [TestCase("Server=host;User Id=user;Password=\"a;b://c\";Database=name", "host", 5432, "user", "a;b://c", "name")]
    [TestCase("  postgresql://user:pw@host/name\n", "host", 5432, "user", "pw", "name")]
    public void Parse_EveryForm_IsUnderstood(string url, string host, int port, string? user, string? password, string? database)
    {
        var parsed = Parse(url);
        Assert.That(
            (parsed.Host, parsed.Port, parsed.Username, parsed.Password, parsed.Database),
            Is.EqualTo((host, port, user, password, database)));
    }

    [TestCase("sslmode=verify-full", "SSL Mode", SslMode.VerifyFull)]
    [TestCase("sslmode=require", "SSL Mode", SslMode.Require)]
    [TestCase("sslrootcert=%2Fetc%2Fca.pem", "Root Certificate", "/etc/ca.pem")]
    [TestCase("sslcert=/c", "SSL Certificate", "/c")]
    [TestCase("sslkey=/k", "SSL Key", "/k")]
    [TestCase("sslpassword=p", "SSL Password", "p")]
    [TestCase("sslnegotiation=direct", "SSL Negotiation", SslNegotiation.Direct)]
    [TestCase("connect_timeout=7", "Timeout", 7)]
    [TestCase("application_name=some%20app", "Application Name", "some app")]
    [TestCase("options=-c%20search_path%3Dx", "Options", "-c search_path=x")]
    [TestCase("client_encoding=UTF8", "Client Encoding", "UTF8")]
    [TestCase("keepalives=1", "Tcp Keepalive", true)]
    [TestCase("keepalives_idle=30", "Tcp Keepalive Time", 30)]
    [TestCase("channel_binding=require", "Channel Binding", ChannelBinding.Require)]
    [TestCase("target_session_attrs=read-write", "Target Session Attributes", "read-write")]
    [TestCase("load_balance_hosts=random", "Load Balance Hosts", true)]
    [TestCase("require_auth=scram-sha-256", "Require Auth", "ScramSHA256")]
    [TestCase("Maximum%20Pool%20Size=8", "Maximum Pool Size", 8)]
    public void Parse_Option_IsNpgsqls(string query, string keyword, object value) =>
        Assert.That(Parse($"postgresql://user:pw@host/name?{query}")[keyword], Is.EqualTo(value));

    [Test]
    public void Parse_UserAsOption_MayHoldAnAt() =>
        Assert.That(Parse("postgresql://host:5433/name?user=me@server").Username, Is.EqualTo("me@server"));

    [Test]
    public void Parse_ManyHosts_KeepTheirPorts() =>
        Assert.That(Parse("postgresql://user:pw@one:5433,two/name").Host, Is.EqualTo("one:5433,two:5432"));

    [TestCase("mysql://user:s3cret@host/name", "mysql://")]
    [TestCase("postgresql+pg8000://user:s3cret@host/name", "postgresql+pg8000://")]
    [TestCase("postgresql://user:s3cret@host/name?sslcrl=x", "sslcrl")]
    [TestCase("postgresql://user:s3cret@host/name?sslmode=s3cret", "SSL Mode")]
    [TestCase("postgresql://user:s3cret@host:port/name", "port")]
    [TestCase("postgresql://user:s3cret@host/na%00me", "NUL")]
    [TestCase("postgresql://user:s3cret%00@host/name", "NUL")]
    [TestCase("postgresql://user:s3cret@host/name?application_name=%00", "NUL")]
    [TestCase("postgresql://user:s3cret@host:99999/name", "port")]
    [TestCase("postgresql://user:s3/cret@host/name", "%2F")]
    [TestCase("postgresql://user:3/s3cret@host/name", "%2F")]
    [TestCase("postgresql://user:3@s3/cret@host/name", "%2F")]
    [TestCase("postgresql://user:3@4?s3cret@host/name", "%3F")]
    [TestCase("postgresql://user:3?s3cret@host/name", "%3F")]
    [TestCase("postgresql://user:3?s3=cret@host/name", "%3F")]
    [TestCase("postgresql://user:3/4?s3cret@host/name", "%3F")]
    [TestCase("postgresql://user:s3cret@host/name?Maximum%20Pool%20Size=7", "Maximum Pool Size")]
    [TestCase("Host=host;Password=s3cret;Maximum Pool Size=3", "Maximum Pool Size")]
    [TestCase("Host=host;Password=s3cret;Colour=red", "Colour")]
    [TestCase("Host=host;Password=s3cret;Port=s3cret", "Port")]
    [TestCase("Password=s3cret;Database=name", "host")]
    [TestCase("s3cret", "postgresql://")]
    [TestCase("", "postgresql://")]
    public void Parse_Fault_IsNamedWithoutThePassword(string url, string named)
    {
        var error = Assert.Throws<FormatException>(() => DatabaseUrl.ToConnectionString(url));
        Assert.That(error!.Message, Does.StartWith("CONVERSATION_SERVICE_DATABASE_URL").And.Contain(named).IgnoreCase.And.Not.Contain("s3"));
    }

    private static NpgsqlConnectionStringBuilder Parse(string url) => new(DatabaseUrl.ToConnectionString(url));
}
