using Conversation.Data.Postgres;
using Npgsql;

namespace Conversation.Tests.Postgres;

/// <summary>Which of the server's refusals pass by themselves.</summary>
[TestFixture]
internal sealed class SqlStatesTests
{
    [TestCase("25006", true, TestName = "IsUnavailable_ReadOnlyTransaction_IsTrue")]
    [TestCase("28000", true, TestName = "IsUnavailable_UserRefused_IsTrue")]
    [TestCase("28P01", true, TestName = "IsUnavailable_PasswordRefused_IsTrue")]
    [TestCase("3D000", true, TestName = "IsUnavailable_DatabaseGone_IsTrue")]
    [TestCase("42P01", true, TestName = "IsUnavailable_TableGone_IsTrue")]
    [TestCase("58030", true, TestName = "IsUnavailable_FileUnreadable_IsTrue")]
    [TestCase("XX000", true, TestName = "IsUnavailable_ServersOwnFault_IsTrue")]
    [TestCase("0A000", true, TestName = "IsUnavailable_PlanOfOtherTypes_IsTrue")]
    [TestCase("26000", true, TestName = "IsUnavailable_StatementForgotten_IsTrue")]
    [TestCase("57P03", true, TestName = "IsUnavailable_ServerStarting_IsTrue")]
    [TestCase("22P02", false, TestName = "IsUnavailable_BadValue_IsFalse")]
    [TestCase("23505", false, TestName = "IsUnavailable_UniqueViolation_IsFalse")]
    [TestCase("42601", false, TestName = "IsUnavailable_SyntaxError_IsFalse")]
    public void IsUnavailable_OfAState_IsKnown(string state, bool expected)
    {
        Exception error = new PostgresException("text", "ERROR", "ERROR", state);
        Assert.That(SqlStates.IsUnavailable(error), Is.EqualTo(expected));
    }
}
