"""What the forms of an import say."""

from models.states import ImportManner

from ..schema import Input
from .service import Wish


class WishInput(Input):
    """What is to become of the rows, and that they hold no state secret."""

    manner: ImportManner = ImportManner.DRAFT
    promise: bool = False

    @property
    def wish(self) -> Wish:
        return Wish(self.manner, self.promise)
