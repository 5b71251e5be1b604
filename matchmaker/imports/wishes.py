"""What may become of the rows, in words."""

from models import User
from models.states import ImportManner


def manners(user: User, noun: str) -> dict[ImportManner, tuple[str, str]]:
    """Words and a hint for each choice."""
    whose = "所属单位" if user.is_staff else "本单位"
    return {
        ImportManner.DRAFT: (
            "存为草稿",
            f"只有{whose}看得到，在平台上核对、补齐后再提交审核",
        ),
        ImportManner.SUBMIT: (
            "提交审核",
            "每一行都要填写完整，审核通过后发布；改动已发布的，也要重新审核",
        ),
        ImportManner.RESTORE: (
            "恢复备份",
            f"把「导出全部字段」得到的{noun}按原来的编号、状态和日期补回；"
            "平台上已有的一概不改",
        ),
    }
