"""Languages are told: sentences of the Universal Declaration of Human Rights (United Nations), and edge cases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scansion.data.languages import NAMES, code_of, language_of, prose
from scansion.errors import InputError

SENTENCES = """
af:Elkeen het die reg tot lewe, vryheid en sekuriteit van persoon.
af:Alle menslike wesens word vry, met gelyke waardigheid en regte, gebore.
ar:يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق.
ar:لكل فرد الحق في الحياة والحرية وسلامة شخصه.
be:Усе людзі нараджаюцца свабоднымі і роўнымі ў сваёй годнасці і правах.
bg:Всички хора се раждат свободни и равни по достойнство и права.
bg:Никой не трябва да бъде подлаган на произволен арест, задържане или изгнание.
bn:সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে।
ca:Tots els éssers humans neixen lliures i iguals en dignitat i en drets.
ca:Tota persona té dret a la vida, a la llibertat i a la seva seguretat.
cs:Každý má právo na život, svobodu a osobní bezpečnost.
cs:Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv.
cy:Genir pawb yn rhydd ac yn gydradd â'i gilydd mewn urddas a hawliau.
da:Alle mennesker er født frie og lige i værdighed og rettigheder.
da:De er udstyret med fornuft og samvittighed, og de bør handle mod hverandre i en broderskabets ånd.
de:Alle Menschen sind frei und gleich an Würde und Rechten geboren.
de:Niemand darf willkürlich festgenommen, in Haft gehalten oder des Landes verwiesen werden.
el:Κάθε άτομο έχει δικαίωμα στη ζωή, την ελευθερία και την προσωπική του ασφάλεια.
en:All human beings are born free and equal in dignity and rights.
en:No one shall be subjected to arbitrary arrest, detention or exile.
es:Todo individuo tiene derecho a la vida, a la libertad y a la seguridad de su persona.
es:Nadie podrá ser arbitrariamente detenido, preso ni desterrado.
et:Kõik inimesed sünnivad vabadena ja võrdsetena oma väärikuselt ja õigustelt.
eu:Norbanako guztiek dute bizitzeko, aske izateko eta segurtasunerako eskubidea.
fa:هر کس حق زندگی، آزادی و امنیت شخصی دارد.
fa:همه دارای عقل و وجدان میباشند و باید نسبت بیکدیگر با روح برادری رفتار کنند.
fi:Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan.
fi:Ketään ei saa mielivaltaisesti pidättää, vangita tai ajaa maanpakoon.
fr:Tous les êtres humains naissent libres et égaux en dignité et en droits.
fr:Nul ne peut être arbitrairement arrêté, détenu ni exilé.
ga:Tá ag gach uile dhuine, an ceart chun marthana, chun saoirse agus chun slándála a phearsan.
gl:Todo individuo ten dereito á vida, á liberdade e á seguridade da súa persoa.
he:כל בני אדם נולדו בני חורין ושווים בערכם ובזכויותיהם.
hi:सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है ।
hr:Svatko ima pravo na život, slobodu i osobnu sigurnost.
hu:Minden személynek joga van az élethez, a szabadsághoz és a személyi biztonsághoz.
hy:Ամեն ոք ունի քաղաքացիության իրավունք։
id:Semua orang dilahirkan merdeka dan mempunyai martabat dan hak-hak yang sama.
id:Setiap orang berhak atas penghidupan, kebebasan dan keselamatan individu.
is:Hver maður er borinn frjáls og jafn öðrum að virðingu og réttindum.
it:Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti.
it:Nessun individuo potrà essere arbitrariamente arrestato, detenuto o esiliato.
ja:すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。
ka:ყოველ ადამიანს აქვს მოქალაქეობის უფლება.
kk:Ешкім де құлдықта немесе кіріптарлықта ұсталуы тиіс емес.
km:គ្មានជនណាម្នាក់ ត្រូវបានចាប់ខ្លួន
kn:ಎಲ್ಲಾ ಮಾನವರೂ ಸ್ವತಂತ್ರರಾಗಿಯೇ ಜನಿಸಿದ್ದಾರೆ.
ko:모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.
lt:Visi žmonės gimsta laisvi ir lygūs savo orumu ir teisėmis.
lv:Visi cilvēki piedzimst brīvi un vienlīdzīgi savā cieņā un tiesībās.
mk:Секој има право на живот, слобода и сигурност. Никој човек нема да биде подложен на апсење.
nl:Alle mensen worden vrij en gelijk in waardigheid en rechten geboren.
nl:Niemand zal onderworpen worden aan willekeurige arrestatie, detentie of verbanning.
no:Alle mennesker er født frie og med samme menneskeverd og menneskerettigheter.
no:Ethvert menneske har krav på overalt å bli anerkjent som rettssubjekt.
pl:Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.
pl:Nikogo nie wolno samowolnie aresztować, zatrzymać lub wygnać z kraju.
pt:Todos os seres humanos nascem livres e iguais em dignidade e em direitos.
pt:Ninguém pode ser arbitrariamente preso, detido ou exilado.
ro:Toate fiinţele umane se nasc libere şi egale în demnitate şi în drepturi.
ro:Nimeni nu va fi ţinut în sclavie, nici în servitute.
ru:Все люди рождаются свободными и равными в своем достоинстве и правах.
ru:Никто не может быть подвергнут произвольному аресту, задержанию или изгнанию.
sk:Všetci ľudia sa rodia slobodní a rovní v dôstojnosti aj právach.
sl:Vsi ljudje se rodijo svobodni ter imajo enako dostojanstvo in pravice.
sq:Të gjithë njerëzit lindin të lirë dhe të barabartë në dinjitet dhe në të drejta.
sr:Свако има право на живот, слободу и безбедност личности.
sv:Alla människor äro födda fria och lika i värde och rättigheter.
sv:Envar har rätt till liv, frihet och personlig säkerhet.
sw:Watu wote wamezaliwa huru, hadhi na haki zao ni sawa.
ta:எல்லோரும் சட்டத்தின் முன்னர் சமமானவர்கள்.
te:ఏ వ్యక్తినీ విధి విరుద్ధమైన నిర్బంధమునకుగాని
th:ทุกคนมีสิทธิในสัญชาติหนึ่ง
tl:Ang bawat tao'y may karapatan sa buhay, kalayaan at kapanatagan ng sarili.
tr:Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar.
tr:Hiç kimse keyfi olarak tutuklanamaz, alıkonulanamaz veya sürülemez.
uk:Всі люди народжуються вільними і рівними у своїй гідності та правах.
uk:Ніхто не може зазнавати безпідставного арешту, затримання або вигнання.
vi:Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền.
zh:人人生而自由,在尊严和权利上一律平等。
mr:सर्व मानवी व्यक्ती जन्मतःच स्वतंत्र आहेत व त्यांना समान प्रतिष्ठा व समान अधिकार आहेत.
ne:सबै व्यक्तिहरू जन्मजात स्वतन्त्र हुन् र ती सबैको समान अधिकार र महत्व छ।
ur:تمام انسان آزاد اور حقوق و عزت کے اعتبار سے برابر پیدا ہوئے ہیں۔
pa:ਸਾਰਾ ਮਨੁੱਖੀ ਪਰਿਵਾਰ ਆਪਣੀ ਮਹਿਮਾ ਅਤੇ ਅਧਿਕਾਰਾਂ ਦੇ ਪੱਖੋਂ ਜਨਮ ਤੋਂ ਹੀ ਆਜ਼ਾਦ ਹੈ
ml:മനുഷ്യരെല്ലാവരും തുല്യാവകാശങ്ങളോടും അന്തസ്സോടും
gu:પ્રતિષ્ઠા અને અધિકારોની દૃષ્ટિએ સર્વ માનવો જન્મથી સ્વતંત્ર
"""
CLOSE = {"cs", "da", "no"}  # one sentence does not tell them from Slovak, or from each other


@pytest.mark.parametrize("line", SENTENCES.strip().splitlines())
def test_the_language_of_a_sentence(line: str) -> None:
    code, sentence = line.split(":", 1)
    found = language_of(sentence)
    assert found == code or (code in CLOSE and found in (None, "sk"))
    assert language_of(sentence.upper()) == found


def test_most_close_sentences_are_told_too() -> None:
    close = [line.split(":", 1) for line in SENTENCES.strip().splitlines() if line[:2] in CLOSE]
    assert sum(language_of(sentence) == code for code, sentence in close) >= len(close) // 3


@pytest.mark.parametrize("text", ["", "12 + 7 = ?", "Rena Devon Rosalinda Paulina", "\u0301\u0300", "🙂"])
def test_what_is_in_no_language(text: str) -> None:
    assert language_of(text) is None


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    assert language_of(text) in {None, *NAMES}


def test_names_and_codes() -> None:
    assert [code_of(name) for name in ("German", "de", "DE", "de-AT", "pt_BR", " nb ")] == [
        "de",
        "de",
        "de",
        "de",
        "pt",
        "no",
    ]
    with pytest.raises(InputError, match="did you mean 'German'"):
        code_of("Germen")


def test_code_and_addresses_are_no_prose() -> None:
    text = "Der Befehl `git commit` steht in\n```\nthe and of is to what\n```\nhttps://the.and.of"
    assert prose(text).split() == ["Der", "Befehl", "steht", "in"]
