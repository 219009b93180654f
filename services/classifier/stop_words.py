"""Words that say nothing of what a text is about, by language: a few dozen each, folded.

Written for this service: the most frequent function words of three letters or more, and how letters begin and end.
"""

# ruff: noqa: RUF001 - letters of other scripts are meant

from __future__ import annotations

_LISTS = {
    "en": "the and for with that this from are was were been have has had not but you your our their his her its "
    "they them she who what which when where will would can could should shall may might must than then there "
    "here into onto over under after before about between through during also more most such only other any "
    "all each both some very just how why did does doing done being because while until out off own same too "
    "these those per via upon please dear sincerely regards www http https com",
    "de": "der die das den dem des ein eine einer eines einem einen und oder aber auch nicht kein keine mit von vom "
    "zum zur für auf aus bei nach vor über unter durch gegen ohne bis seit wegen ist sind war waren wird "
    "werden wurde wurden hat haben hatte kann können soll sollen muss müssen ich sie wir ihr ihre ihren ihrem "
    "ihrer uns unser unsere sich man wie was wer als wenn dass daß weil dann noch nur schon sehr mehr hier "
    "dort dieser diese dieses diesem diesen bitte sehr geehrte geehrter damen herren freundlichen grüßen",
    "fr": "les des une dans pour par sur avec sans sous est sont était être avoir ont été sera vous nous ils elles "
    "elle votre vos notre nos leur leurs son ses mes ton cette ces cet qui que quoi dont mais donc aux plus "
    "moins très aussi comme tout tous toute toutes pas non bien peut doit fait entre après avant depuis chez "
    "lors ainsi afin merci madame monsieur bonjour cordialement",
    "es": "los las una unos unas del para por con sin sobre entre desde hasta que como pero más menos muy también "
    "este esta estos estas ese esa eso ser son fue era han hay está están tiene tienen puede debe usted "
    "ustedes nos nuestro nuestra sus les qué cuando donde todo todos toda todas cada otro otra ante tras según "
    "gracias estimado estimada señor señora",
    "pt": "dos das uma uns umas para por com sem sobre entre desde até que como mas mais menos muito também este "
    "esta estes estas esse essa isso ser são foi era tem têm está estão pode deve você vocês nós nosso nossa "
    "seu sua seus suas pelo pela pelos pelas aos quando onde todo todos toda todas cada outro outra não "
    "obrigado prezado senhor senhora",
    "it": "gli una uno del della delle dei degli dal dalla nel nella nelle nei sul sulla con per tra fra che come "
    "non ma anche più meno molto questo questa questi queste quello quella essere sono era stato stata hanno "
    "può deve lei noi voi loro suo sua suoi nostro nostra quando dove tutto tutti ogni altro altra gentile "
    "signore signora grazie",
    "nl": "het een van voor met aan uit bij door over onder naar dat dit die deze niet geen maar ook als dan wel nog "
    "zijn was waren wordt worden heeft hebben kan kunnen moet moeten zal uw ons onze hun haar zij wij hij wat "
    "wie waar wanneer omdat tot tegen zonder meer veel zeer geachte mevrouw meneer vriendelijke groet",
    "sv": "och att det som den för med till från inte har kan ska var när eller men om ett hos vid efter under över "
    "utan mot sin sitt sina vår vårt våra din ditt dina ni han hon dem deras blir blev varit detta denna dessa "
    "mycket",
    "pl": "nie się jest dla oraz lub ale jak tak czy przez przy pod nad bez jego jej ich nas nam was pan pani ten "
    "tego tej ten które która który być był była było będzie może należy także tylko już",
    "ru": "что как это для или при над под без его она они оно мы вы был была было были будет есть нет так уже также "
    "если чтобы только этот эта эти того тем том все всех вас вам наш ваш который которая которые которых "
    "после между через более очень уважаемый уважаемые пожалуйста",
    "tr": "bir ile için ama veya gibi daha çok olan olarak olduğu değil bunun onun kadar sonra önce her şey ancak "
    "ise ben sen biz siz onlar sayın",
    "ar": "من في على إلى عن مع هذا هذه ذلك التي الذي أن إن كان كانت قد لا ما هو هي كل بعد قبل بين أو ثم حتى",
}
STOP_WORDS = {language: frozenset(words.split()) for language, words in _LISTS.items()}
"""By ISO 639-1."""
