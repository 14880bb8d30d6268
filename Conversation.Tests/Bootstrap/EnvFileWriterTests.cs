using Conversation.Migrations.Bootstrap;
using Conversation.Migrations.Configuration;
using Conversation.Tests.Infrastructure;
using CsCheck;

namespace Conversation.Tests.Bootstrap;

/// <summary>What is written into a file of variables, and what stays as it was.</summary>
[TestFixture]
internal sealed class EnvFileWriterTests
{
    private const string Id = "CONVERSATION_SERVICE_CLIENT_ID";

    private string _path = "";

    [SetUp]
    public void Name() => _path = TestFolders.New();

    [TearDown]
    public void Remove() => File.Delete(_path);

    [TestCase("A=1\nCONVERSATION_SERVICE_CLIENT_ID=old\nB=2\n", "A=1\nCONVERSATION_SERVICE_CLIENT_ID=new\nB=2\n")]
    [TestCase("CONVERSATION_SERVICE_CLIENT_ID=old # made by hand\n", "CONVERSATION_SERVICE_CLIENT_ID=new # made by hand\n")]
    [TestCase("export CONVERSATION_SERVICE_CLIENT_ID = 'old'\n", "export CONVERSATION_SERVICE_CLIENT_ID=new\n")]
    [TestCase("# CONVERSATION_SERVICE_CLIENT_ID=old\n", "# CONVERSATION_SERVICE_CLIENT_ID=old\nCONVERSATION_SERVICE_CLIENT_ID=new\n")]
    [TestCase("A=1", "A=1\nCONVERSATION_SERVICE_CLIENT_ID=new\n")]
    [TestCase("A=1\r\nCONVERSATION_SERVICE_CLIENT_ID=\r\n", "A=1\r\nCONVERSATION_SERVICE_CLIENT_ID=new\r\n")]
    [TestCase("", "CONVERSATION_SERVICE_CLIENT_ID=new\n")]
    [TestCase("CONVERSATION_SERVICE_CLIENT_IDX=other\n", "CONVERSATION_SERVICE_CLIENT_IDX=other\nCONVERSATION_SERVICE_CLIENT_ID=new\n")]
    public void Set_KeepsEverythingElse(string before, string after) => Assert.That(EnvFileWriter.Set(before, Id, "new"), Is.EqualTo(after));

    [Test]
    public void Write_AnyValue_IsReadBack() =>
        Gen.String[Gen.Char[' ', '~'], 1, 40].Where(value => value.Trim() == value).Sample(value =>
        {
            var path = TestFolders.New();
            EnvFileWriter.Write(path, [("A", "first"), (Id, value), ("B", "last")]);
            var values = EnvFile.Open(path).Values;
            File.Delete(path);
            return values[Id] == value && values["A"] == "first" && values["B"] == "last";
        });

    [Test]
    public void Write_NewOrOld_IsForTheOwnerAlone()
    {
        File.WriteAllText(_path, "A=1\n");
        EnvFileWriter.Write(_path, [(Id, "new")]);

        Assert.That(new FileInfo(_path).UnixFileMode, Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.That(Directory.GetFiles(Path.GetDirectoryName(_path)!, $"{Path.GetFileName(_path)}*"), Has.Length.EqualTo(1));
    }

    [Test]
    public void Write_ThroughALink_ReplacesWhatItPointsTo()
    {
        var target = TestFolders.New();
        File.WriteAllText(target, "A=1\n");
        File.CreateSymbolicLink(_path, target);

        EnvFileWriter.Write(_path, [(Id, "new")]);

        Assert.That(File.ReadAllText(target), Does.Contain("A=1").And.Contain("new"));
        Assert.That(new FileInfo(_path).LinkTarget, Is.EqualTo(target));
        File.Delete(target);
    }
}
