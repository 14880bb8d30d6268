using Conversation.Migrations.Configuration;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Configuration;

/// <summary>What files of variables may look like.</summary>
[TestFixture]
internal sealed class EnvFileTests
{
    private string _path = "";

    [SetUp]
    public void Name() => _path = TestFolders.New();

    [TearDown]
    public void Remove() => File.Delete(_path);

    [TestCase("A=plain", "plain")]
    [TestCase("A=plain # why", "plain")]
    [TestCase("  A = spaced  ", "spaced")]
    [TestCase("export A=exported", "exported")]
    [TestCase("""A=["*"]""", """["*"]""")]
    [TestCase("""A=["https://a.example", "https://b.example"]""", """["https://a.example", "https://b.example"]""")]
    [TestCase("A=pa$$w0rd#x", "pa$$w0rd#x")]
    [TestCase("A=postgresql+psycopg://postgres:p%40ss@host:5432/db?sslmode=require&x=y", "postgresql+psycopg://postgres:p%40ss@host:5432/db?sslmode=require&x=y")]
    [TestCase("A='single # $quoted'", "single # $quoted")]
    [TestCase("A=\"double # quoted\"", "double # quoted")]
    [TestCase("A=first\nA=last", "last")]
    [TestCase("A=windows\r\n", "windows")]
    [TestCase("a=any case", "any case")]
    [TestCase("A=", "")]
    public void Open_EveryNotation_IsUnderstood(string line, string value)
    {
        File.WriteAllText(_path, $"# a comment\n\n{line}\n");
        Assert.That(EnvFile.Open(_path).Values["A"], Is.EqualTo(value));
    }

    [Test]
    public void Open_NoFile_IsEmpty() => Assert.That(EnvFile.Open(_path).Values, Is.Empty);

    [Test]
    public void Open_OpenQuote_NamesTheVariableAndNotTheValue()
    {
        File.WriteAllText(_path, "SECRET=\"s3cret\n");
        var error = Assert.Throws<SettingsException>(() => EnvFile.Open(_path));
        Assert.That(error!.Message, Does.Contain("SECRET").And.Contain(_path).And.Not.Contain("s3cret"));
    }
}
